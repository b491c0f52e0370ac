"""What one may turn: settings, the Celery app, logging, the clinic and its sequences."""
