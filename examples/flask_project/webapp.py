"""A Flask application with background tasks: the pattern of Flask's own documentation.

celery -A make_celery worker -l INFO
flask --app webapp run
"""

import os

from celery import Celery, Task, shared_task
from celery.result import AsyncResult
from flask import Flask, current_app, jsonify, request


def celery_init_app(app: Flask) -> Celery:
    """A Celery app whose tasks run inside of the Flask app's context."""

    class FlaskTask(Task):
        """Every task of this app."""

        def __call__(self, *args: object, **kwargs: object) -> object:
            with app.app_context():
                return self.run(*args, **kwargs)

    celery_app = Celery(app.name, task_cls=FlaskTask)
    celery_app.config_from_object(app.config["CELERY"])
    celery_app.set_default()
    app.extensions["celery"] = celery_app
    return celery_app


def create_app() -> Flask:
    """The application."""
    app = Flask(__name__)
    url = os.environ.get("STORE_URL", "redis://localhost")
    app.config.from_mapping(
        GREETING="Hello",
        CELERY={"broker_url": url, "result_backend": url, "task_ignore_result": True},
    )
    app.config.from_prefixed_env()
    celery_init_app(app)

    @app.post("/greet")
    def greet() -> dict[str, object]:
        result = greeting.delay(request.form["name"])
        return {"result_id": result.id}

    @app.get("/result/<id>")
    def result(id: str) -> object:
        found = AsyncResult(id)
        return jsonify(
            ready=found.ready(), successful=found.successful(), value=found.result if found.ready() else None
        )

    return app


@shared_task(ignore_result=False)
def greeting(name: str) -> str:
    """Needs the application's context."""
    return f"{current_app.config['GREETING']}, {name}!"
