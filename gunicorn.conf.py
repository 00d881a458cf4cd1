"""How gunicorn serves NovAlgo: one worker, many threads, the engine inside the worker.

gunicorn 25.3 is pinned on purpose (docs/adr/0004-gunicorn-pin.md). The application is not
preloaded: locks, threads and the database connection belong to the process that works.
"""

from app.adapters.journal.migrate import migrate_apart
from app.config import Settings

settings = Settings.from_env()

bind = settings.bind_address
workers = 1
worker_class = "gthread"
threads = settings.threads
preload_app = False
timeout = 60
graceful_timeout = 30
keepalive = 5
# What TradingView or a proxy in front never sends; a hostile client gets an answer, not memory.
limit_request_line = 4094
limit_request_fields = 64
accesslog = None
errorlog = "-"
loglevel = "warning"
proc_name = "novalgo"


def on_starting(server):
    """Bring the database to this version's schema before anything serves."""
    migrate_apart(settings.database_url)


def when_ready(server):
    """Tell a person where the server is, and how to place a first order."""
    if settings.bind:
        return
    url = f"http://{settings.bind_address}"
    print(f"""NovAlgo listens on {url}. A first order, on paper:

curl -s '{url}/webhook?wait=2' -d '{{"secret": "'$(grep ^WEBHOOK_SECRET= .env | cut -d= -f2)'", \
"action": "buy", "symbol": "AAPL", "quantity": 10, "price": 190, "stop_loss": "2%", \
"take_profit": "4%"}}'
""", flush=True)


def post_worker_init(worker):
    """Start the engine in the process that serves, before its first request."""
    worker.wsgi.extensions["novalgo"].start()


def worker_exit(server, worker):
    """Finish what runs and give the rest back."""
    served = getattr(worker, "wsgi", None)
    if served is not None:
        served.extensions["novalgo"].stop()
