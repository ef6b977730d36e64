"""Settings: every `SHOTLIST_*` variable, read once at a root (web, worker, command line) and passed in."""

import difflib
import ipaddress
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from dotenv import dotenv_values

from tasks.place import read_place

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
    models_dirs: tuple[Path, ...]
    providers_dirs: tuple[Path, ...]
    environ: Mapping[str, str]  # provider keys and SHOTLIST_<NAME>_BASE_URL, for the providers floor

    @property
    def embedded(self) -> bool:
        """Whether this data folder can serve one process only: its queue or its database lives inside it."""
        return not self.redis_url or self.database_url.startswith("sqlite:")

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
    data_dir = Path(given["DATA_DIR"] or CHECKOUT / "data").expanduser().resolve()
    return Settings(
        data_dir=data_dir,
        host=_host(given["HOST"] or "127.0.0.1"),
        port=_port(given["PORT"] or "8420"),
        database_url=_database_url(given["DATABASE_URL"], data_dir),
        redis_url=_url("REDIS_URL", given["REDIS_URL"], ("redis", "rediss", "unix")),
        storage_url=_storage_url(given["STORAGE_URL"]),
        public_url=_url("PUBLIC_URL", given["PUBLIC_URL"], ("https", "http")).rstrip("/"),
        secret=_secret(given["SECRET"]),
        sandbox_url=_url("SANDBOX_URL", given["SANDBOX_URL"], ("http", "https")).rstrip("/"),
        sandbox_speed=_speed(given["SANDBOX_SPEED"] or "1"),
        models_dirs=(CHECKOUT / "models", *_folders("MODELS_DIR", given["MODELS_DIR"])),
        providers_dirs=(CHECKOUT / "providers", *_folders("PROVIDERS_DIR", given["PROVIDERS_DIR"])),
        environ=dict(environ),
    )


def prepare_data_dir(settings: Settings) -> None:
    """Make the data folder, readable by its owner only; `SettingsError` where it cannot be written."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = settings.data_dir / f".write-test-{os.getpid()}"
        probe.write_bytes(b"ok")
        probe.unlink()
    except OSError as error:
        raise SettingsError(
            f"The data folder {settings.data_dir} cannot be written ({error.strerror}): "
            "make it writable, or set SHOTLIST_DATA_DIR to a folder that is."
        ) from error


def load_secret(settings: Settings) -> str:
    """The secret that signs our cookies: the setting, else one kept in the data folder, made on first use."""
    if settings.secret:
        return settings.secret
    path = settings.data_dir / "secret"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_urlsafe(32)
        file.write(secret)
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
        nearest = difflib.get_close_matches(name, NAMES, n=1)
        hint = f" Did you mean SHOTLIST_{nearest[0]}?" if nearest else " .env.example lists all of them."
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


def _secret(text: str) -> str:
    if text and len(text) < 32:
        raise SettingsError("SHOTLIST_SECRET is too short to be safe: give at least 32 random characters.")
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
            read_place(text)
    except ValueError as error:
        raise SettingsError(
            f"SHOTLIST_STORAGE_URL cannot be used: {error}. For example: "
            "s3://bucket/prefix?endpoint=https://storage.example.com"
        ) from error
    return text


def _folders(name: str, text: str) -> tuple[Path, ...]:
    folders = tuple(Path(part).expanduser().resolve() for part in text.split(os.pathsep) if part)
    for folder in folders:
        if not folder.is_dir():
            raise SettingsError(
                f"SHOTLIST_{name} names {folder}, which is not a folder: make it, or unset SHOTLIST_{name}."
            )
    return folders
