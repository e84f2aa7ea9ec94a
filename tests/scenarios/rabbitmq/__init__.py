"""Workers whose broker is a RabbitMQ node of the tests' own, and what befalls that node."""
