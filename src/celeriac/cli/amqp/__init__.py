"""`celeriac amqp`: exchanges, queues and messages by hand."""
