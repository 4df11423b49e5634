"""How static files are named and packed for serving."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Names with a hash of the content, kept by browsers for ever; also inside scripts that import one another.

    Without the last, a page of a new release could run a new script with an old one from the browser's cache.
    """

    support_js_module_import_aggregation = True
