"""Run as Python starts (by celeriac_drop_in.pth): `import kombu`, where there is none, finds the drop-in's names."""

import sys


class Door:
    """Asked last, and only for kombu: importing celery puts the finder in place that knows its modules."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):  # type: ignore[no-untyped-def]
        """A spec of the drop-in's kombu."""
        if fullname != "kombu":
            return None
        import celery  # noqa: F401
        from celery._importer import Finder

        return Finder().find_spec(fullname, path)


sys.meta_path.append(Door)  # type: ignore[arg-type]
