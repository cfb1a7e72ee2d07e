"""Where a reader sees what a caption is about."""


def video_link(url: str | None, start_s: float | None) -> str:
    """The address of a video at a segment's second; empty where it is not on the web, or nothing says when.

    >>> video_link("https://www.youtube.com/watch?v=a", 7.9)
    'https://www.youtube.com/watch?v=a&t=7'
    """
    if not url or not url.startswith(("http://", "https://")) or start_s is None:
        return ""
    return f"{url}{'&' if '?' in url else '?'}t={int(start_s)}"
