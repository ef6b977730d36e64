"""Where finished videos and uploads are kept: in folders here, or in a bucket elsewhere, by the settings."""

from tasks.settings import Settings, read_storage_url
from tasks.storage.s3 import S3Storage
from tasks.storage.store import FolderStorage, Store


async def open_stores(settings: Settings) -> tuple[Store, Store]:
    """For finished videos and for uploads; `SettingsError` where the storage does not answer."""
    if not settings.storage_url:
        return FolderStorage(settings.data_dir / "media"), FolderStorage(settings.data_dir / "uploads")
    place = read_storage_url(settings.storage_url)
    media, uploads = (
        S3Storage(place, name, settings.environ, settings.data_dir / "incoming")
        for name in ("media", "uploads")
    )
    await media.check()
    return media, uploads
