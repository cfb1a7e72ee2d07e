"""What an engine's licence says of its outputs: whether a retrieval model may be trained on them."""

# Licences that allow it, some for non-commercial use only or with the maker's name. Gemma's terms leave outputs free;
# what they bind is a model made to perform like Gemma, which a retrieval model is not.
_ALLOW = ("apache-2.0", "mit", "openmdw", "cc0-1.0", "cc-by-", "bsd", "gemma")
_FORBID = ("tencent", "hunyuan")  # outputs may improve no other model


def may_train(license_: str) -> bool | None:
    """Whether a retrieval model may be trained on outputs under a licence; ``None``: read the terms.

    Of engines in a row, whose licences are joined by " and ", each has its say.

    >>> may_train("apache-2.0 and gemma"), may_train("mit and unknown"), may_train("tencent-hunyuan-community")
    (True, None, False)
    """
    parts = license_.lower().split(" and ")
    if any(word in part for part in parts for word in _FORBID):
        return False
    return True if all(part.startswith(_ALLOW) for part in parts) else None
