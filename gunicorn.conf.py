"""How gunicorn serves the passport; a proxy in front adds HTTPS."""

import logging
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

# SCRIPT_NAME and PATH_INFO come from the address alone, never from a header that a proxy let through.
forwarder_headers = ""


class WithoutRequests(logging.Filter):
    """Takes out of the error log what gunicorn says of a request: its address, its caller, its words."""

    ABOUT_REQUESTS = ("Invalid request", "Error handling request", "Error handling HTTP/2 request", "Socket error processing request",
                      "HTTP/2")

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the kind of the message, and the kind of the fault; of single requests, nothing."""
        if record.levelno < logging.INFO and record.args:
            return False  # with PASSPORT_LOG_LEVEL=debug gunicorn says every address, and what was sent by half
        about = next((words for words in self.ABOUT_REQUESTS if str(record.msg).startswith(words)), None)
        if about is not None:
            fault = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
            record.msg, record.args = f"{about}: {fault}" if fault else about, ()
            record.exc_info = record.exc_text = None
        return True


# In the place of the one before, when this file is read again.
logging.getLogger("gunicorn.error").filters[:] = [WithoutRequests()]

# Version 27 opens a control socket in the home folder unless told not to.
control_socket_disable = True
