"""How gunicorn serves the passport; a proxy in front adds HTTPS and compression of pages."""

import os

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
timeout = 30
graceful_timeout = 10
max_requests = 5000
max_requests_jitter = 500

# An access log would hold the addresses of readers and the tokens of links.
accesslog = None
errorlog = "-"
loglevel = os.environ.get("PASSPORT_LOG_LEVEL", "info")

# Version 27 opens a control socket in the home folder unless told not to.
control_socket_disable = True
