"""Settings: every `SHOTLIST_*` variable, read once at a root (web, worker, command line) and passed in.

A storage URL, taken apart: s3://bucket/prefix?endpoint=https://…&region=…
"""

import ipaddress
import logging
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
from dotenv import dotenv_values

from models.spec.suggest import nearest
from tasks.private_files import OTHERS, read_whole, tighten, write_once


class StorageURL(msgspec.Struct, frozen=True):
    """What a storage URL says. `prefix` has no slash at its ends; "" endpoint is Amazon's own."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""


def read_storage_url(url: str) -> StorageURL:
    """Raise ValueError with a clause that says what is wrong."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.hostname:
        raise ValueError("it must be s3://bucket/prefix")
    if "@" in parts.netloc or parts.port is not None:
        raise ValueError(
            "keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the server into ?endpoint="
        )
    given = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    for name in given:
        if name not in ("endpoint", "region"):
            raise ValueError(f"{name} is not known; endpoint and region are")
    endpoint = given.get("endpoint", [""])[0].rstrip("/")
    if endpoint and not endpoint.startswith(("https://", "http://")):
        raise ValueError("the endpoint must start with https://")
    return StorageURL(parts.netloc, parts.path.strip("/"), endpoint, given.get("region", [""])[0])


log = logging.getLogger("shotlist.settings")

CHECKOUT = Path(__file__).resolve().parent.parent

NAMES = (
    "DATABASE_URL",
    "REDIS_URL",
    "DATA_DIR",
    "HOST",
    "PORT",
    "STORAGE_URL",
    "PUBLIC_URL",
    "SECRET",
    "SANDBOX_URL",
    "SANDBOX_SPEED",
    "MODELS_DIR",
    "PROVIDERS_DIR",
    "MAX_RESULT_MB",
)

SECRET_BYTES = 32
WITHOUT_IT = (
    "Put it back as it was, from a copy of the data folder, or remove it, and the next start makes a new one: provider "
    "keys that were stored on the page must then be entered again, and links that were handed to providers end."
)


class SettingsError(Exception):
    """A setting that cannot be used; the message is one sentence that names it and says what to change."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may choose. Sizes are bytes, times are seconds."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8420
    database_url: str  # sqlite:///absolute/path or postgres://…
    redis_url: str = ""  # "" is the embedded queue
    storage_url: str = ""  # s3://…; "" is files in the data folder
    public_url: str = ""  # "" means that providers cannot reach us
    secret: str = ""  # "" is one kept in the data folder
    sandbox_url: str = ""  # "" is a sandbox of our own
    sandbox_speed: float = 1.0
    max_result_bytes: int = 4_300_000_000  # a 4k minute at 400 Mbit/s is 3 GB
    models_dirs: tuple[Path, ...]
    providers_dirs: tuple[Path, ...]
    environ: Mapping[str, str]  # provider keys and SHOTLIST_<NAME>_BASE_URL, for the providers floor

    @property
    def sqlite_path(self) -> Path | None:
        """The database's file; None on Postgres."""
        scheme, _, path = self.database_url.partition("://")
        return Path("/" + path.lstrip("/")) if scheme == "sqlite" else None

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def read_environ(env_file: Path = CHECKOUT / ".env") -> dict[str, str]:
    """The process environment over the checkout's `.env`; a variable that is set wins over the file."""
    from_file = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    return {**from_file, **os.environ}


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raise `SettingsError` with one sentence where a variable is unknown or its value cannot be used."""
    _refuse_unknown(environ)
    given = {name: environ.get(f"SHOTLIST_{name}", "").strip() for name in NAMES}
    data_dir = _place("DATA_DIR", given["DATA_DIR"] or str(CHECKOUT / "data"))
    return Settings(
        data_dir=data_dir,
        host=_host(given["HOST"] or "127.0.0.1"),
        port=_port(given["PORT"] or "8420"),
        database_url=_database_url(given["DATABASE_URL"], data_dir),
        redis_url=_url("REDIS_URL", given["REDIS_URL"], ("redis", "rediss", "unix")),
        storage_url=_storage_url(given["STORAGE_URL"]),
        public_url=_public_url(_url("PUBLIC_URL", given["PUBLIC_URL"], ("https", "http"))),
        secret=_secret(environ.get("SHOTLIST_SECRET", "")),
        sandbox_url=_url("SANDBOX_URL", given["SANDBOX_URL"], ("http", "https")).rstrip("/"),
        sandbox_speed=_speed(given["SANDBOX_SPEED"] or "1"),
        max_result_bytes=_megabytes("MAX_RESULT_MB", given["MAX_RESULT_MB"] or "4300"),
        models_dirs=(CHECKOUT / "models", *_folders("MODELS_DIR", given["MODELS_DIR"])),
        providers_dirs=(CHECKOUT / "providers", *_folders("PROVIDERS_DIR", given["PROVIDERS_DIR"])),
        environ=dict(environ),
    )


def prepare_data_dir(settings: Settings) -> None:
    """Make the data folder and take it from everybody but its owner; `SettingsError` where it cannot be used."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = folder.stat()
        if is_shared(folder, found.st_mode):
            raise SettingsError(
                f"The data folder {folder} is for other things too, and Shotlist keeps its own from other users: set "
                f"SHOTLIST_DATA_DIR to a folder of its own, such as {folder / 'shotlist'}."
            )
        probe = folder / f".write-test-{os.getpid()}"
        try:
            probe.write_bytes(b"ok")
        finally:
            probe.unlink(missing_ok=True)
        failed = tighten(folder, inside=folder != _home())  # in a home there are files of other programs
    except OSError as error:
        raise SettingsError(
            f"The data folder {folder} cannot be written ({error.strerror}): "
            "make it writable, or set SHOTLIST_DATA_DIR to a folder that is."
        ) from error
    _warn_of_others(folder, found.st_uid, failed)


def is_shared(folder: Path, mode: int) -> bool:
    """Whether others could not do without this folder: one like /tmp, or that a home or the checkout lies in."""
    return bool(mode & stat.S_ISVTX) or folder in {CHECKOUT, *CHECKOUT.parents, *_home().parents}


def _home() -> Path:
    return Path(os.path.expanduser("~")).resolve()


def _warn_of_others(folder: Path, owner: int, failed: OSError | None) -> None:
    advice = "provider keys, prompts and videos lie there: set SHOTLIST_DATA_DIR to a folder of your own"
    if owner != os.geteuid():
        log.warning(
            "The data folder %s belongs to another user (%d), who can read it; %s.", folder, owner, advice
        )
    elif failed is not None or folder.stat().st_mode & OTHERS:
        why = failed.strerror if failed else "its file system does not know owners"
        log.warning("The data folder %s stays open to other users (%s); %s.", folder, why, advice)


def load_secret(settings: Settings) -> str:
    """The secret behind cookies, signed addresses and stored keys: the setting, else one kept in the data folder.

    It is made on first use, the same for all processes that start together. `SettingsError` where it is none.
    """
    if settings.secret:
        return settings.secret
    path = settings.data_dir / "secret"
    try:
        kept = read_whole(path)
        if kept is None:
            write_once(path, secrets.token_urlsafe(32).encode())
            kept = read_whole(path)
    except OSError as error:
        what = f"cannot be read or made ({error.strerror}: {path})"
        raise SettingsError(f"The secret of this server {what}. {WITHOUT_IT}") from error
    if kept is None:
        raise SettingsError(f"The secret of this server, {path}, is a link that leads nowhere. {WITHOUT_IT}")
    try:
        secret = kept.decode().strip()
    except UnicodeDecodeError:
        raise SettingsError(f"The secret of this server, {path}, is not text. {WITHOUT_IT}") from None
    if len(secret.encode()) < SECRET_BYTES:
        what = f"is shorter than {SECRET_BYTES} bytes" if secret else "is empty"
        raise SettingsError(f"The secret of this server, {path}, {what}. {WITHOUT_IT}")
    return secret


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """A name that is none of ours, and a provider's address that is none."""
    ours = [name.removeprefix("SHOTLIST_") for name in environ if name.startswith("SHOTLIST_")]
    for name in ours:
        if name in NAMES:
            continue
        if name.endswith("_BASE_URL"):
            _url(name, environ[f"SHOTLIST_{name}"].strip(), ("https", "http"))
            continue
        meant = nearest(name, NAMES)
        hint = f" Did you mean SHOTLIST_{meant}?" if meant else " .env.example lists all of them."
        raise SettingsError(f"SHOTLIST_{name} is not a setting of Shotlist.{hint}")


def _host(host: str) -> str:
    if host == "localhost":
        return "127.0.0.1"
    try:
        loopback = ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsError(
            f"SHOTLIST_HOST is {host}, but Shotlist has no accounts yet and whoever reaches it spends your money: "
            "use a loopback address such as 127.0.0.1."
        )
    return host.strip("[]")


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise SettingsError(f"SHOTLIST_PORT is {text!r}: give a whole number from 1 to 65535.")


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if 0.1 <= speed <= 1000:
        return speed
    raise SettingsError(
        f"SHOTLIST_SANDBOX_SPEED is {text!r}: give a number from 0.1 to 1000; 1 is the usual pace."
    )


def _megabytes(name: str, text: str) -> int:
    """In bytes; a megabyte is 1,000,000 of them, as the page counts."""
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= 1_000_000:
        return int(text) * 1_000_000
    raise SettingsError(f"SHOTLIST_{name} is {text!r}: give a whole number of megabytes, from 1 to 1000000.")


def _secret(given: str) -> str:
    text = given.strip()
    try:
        long_enough = not given or len(text.encode()) >= SECRET_BYTES
    except UnicodeEncodeError:  # bytes that are not UTF-8
        long_enough = False
    if not long_enough:
        raise SettingsError(
            "SHOTLIST_SECRET is too short to be safe, or not text: give at least 32 random characters, or unset it and "
            "one is kept in the data folder. With another secret than before, provider keys that were stored on the "
            "page must be entered again."
        )
    return text


def _url(name: str, text: str, schemes: tuple[str, ...]) -> str:
    if not text:
        return ""
    if _is_address(text, schemes):
        return text
    # Not echoed: it may hold a password.
    raise SettingsError(f"SHOTLIST_{name} cannot be read: give an address that starts with {schemes[0]}://.")


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        # Raises where it is no port; Postgres may be several hosts, which only its driver takes apart.
        port = None if "," in parts.netloc else parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc or parts.path) and port != 0


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    if text and (not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment):
        raise SettingsError(
            "SHOTLIST_PUBLIC_URL cannot be used: give an address of a host alone, such as https://video.example.com."
        )
    return text.rstrip("/")


def _database_url(text: str, data_dir: Path) -> str:
    if not text:
        return f"sqlite:///{data_dir / 'shotlist.db'}"
    if text.startswith("postgresql://"):
        text = "postgres://" + text.removeprefix("postgresql://")
    if text.startswith("sqlite:") and not text.startswith("sqlite:////"):
        raise SettingsError(
            f"SHOTLIST_DATABASE_URL is {text!r}: a SQLite path must be absolute, as in sqlite:////var/lib/shotlist.db."
        )
    return _url("DATABASE_URL", text, ("postgres", "sqlite"))


def _storage_url(text: str) -> str:
    try:
        if text:
            read_storage_url(text)
    except ValueError as error:
        raise SettingsError(
            f"SHOTLIST_STORAGE_URL cannot be used: {error}. For example: "
            "s3://bucket/prefix?endpoint=https://storage.example.com"
        ) from error
    return text


def _folders(name: str, text: str) -> tuple[Path, ...]:
    folders = tuple(_place(name, part) for part in text.split(os.pathsep) if part)
    for folder in folders:
        try:
            with os.scandir(folder):
                pass
        except (NotADirectoryError, FileNotFoundError):
            raise SettingsError(
                f"SHOTLIST_{name} names {folder}, which is not a folder: make it, or unset SHOTLIST_{name}."
            ) from None
        except OSError as error:
            raise SettingsError(
                f"SHOTLIST_{name} names {folder}, which cannot be read ({error.strerror}): make it readable, or unset "
                f"SHOTLIST_{name}."
            ) from error
    return folders


def _place(name: str, text: str) -> Path:
    """An absolute path without links, whether or not anything is there."""
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, nobody's home, a zero byte
        raise SettingsError(
            f"SHOTLIST_{name} cannot be used ({error}): give the path of a folder."
        ) from error
