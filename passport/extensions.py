"""The Flask extensions, created without an application."""

from __future__ import annotations

import ipaddress

from flask import request
from flask_babel import Babel
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from .columns import Base
from .compression import MaskedCSRF

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "autoflush": True})
migrate = Migrate(render_as_batch=True, compare_type=True)
login_manager = LoginManager()
csrf = MaskedCSRF()
babel = Babel()


def address() -> str:
    """Return what stands for the caller's network in a rate limit: an IPv4 address or the /64 of an IPv6."""
    caller = request.remote_addr or ""
    if caller.startswith("["):  # some proxies add the port
        caller = caller[1:].split("]")[0]
    elif caller.count(":") == 1:
        caller = caller.split(":")[0]
    try:
        ip = ipaddress.ip_address(caller)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network(f"{ip}/64", strict=False))


limiter = Limiter(key_func=address, headers_enabled=True, strategy="fixed-window")
