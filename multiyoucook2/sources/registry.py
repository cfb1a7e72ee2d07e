"""What is downloaded, one row a file: address, checksum, licence, citation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceFile:
    """One file of an outside data set.

    ``sha256`` is ``None`` where nobody has verified one: it is then recorded at the first download and checked from
    there on. ``max_bytes`` bounds both the download and what unpacks from it.
    """

    name: str
    filename: str
    urls: tuple[str, ...]  # the official one first, mirrors after it
    sha256: str | None
    license: str
    homepage: str
    citation: str
    max_bytes: int = 256 * 1024 * 1024


SOURCES: dict[str, SourceFile] = {
    row.name: row
    for row in (
        SourceFile(
            name="youcook2",
            filename="youcookii_annotations_trainval.tar.gz",
            urls=("http://youcook2.eecs.umich.edu/static/YouCookII/youcookii_annotations_trainval.tar.gz",),
            sha256=None,
            license="MIT",
            homepage="http://youcook2.eecs.umich.edu",
            citation=(
                "@inproceedings{ZhXuCoAAAI18,\n"
                "  author    = {Zhou, Luowei and Xu, Chenliang and Corso, Jason J.},\n"
                "  title     = {Towards Automatic Learning of Procedures From Web Instructional Videos},\n"
                "  booktitle = {AAAI Conference on Artificial Intelligence},\n"
                "  pages     = {7590--7598},\n"
                "  year      = {2018},\n"
                "}"
            ),
        ),
    )
}
