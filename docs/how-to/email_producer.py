"""Send a mail through the email service from a program that knows nothing of Django: RabbitMQ and JSON are enough.

pip install pika, then: python email_producer.py amqp://guest:guest@127.0.0.1:5672/%2F ann@example.org 2026-0000042
"""

import json
import sys

import pika

QUEUE = "email_tasks"


def main(url: str, address: str, number: str) -> None:
    """Publish one mail and return when RabbitMQ has it on disk."""
    body = {
        "template": "invoice",
        "to": [address],
        "context": {
            "order": {"number": "HT-7", "name": "Ann Smith"},
            "invoice": {"number": number, "issued_on": "1 March 2026", "total": "12.50", "due": "12.50"},
            "items": [{"quantity": 2, "description": "Print 10 × 15", "amount": "12.50"}],
        },
        # One mail per id for ever: whoever is not sure whether this arrived may send it again.
        "business_id": f"invoice:{number}",
    }
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.queue_declare(QUEUE, durable=True)
        channel.confirm_delivery()  # from here on, publishing raises an error if RabbitMQ does not take it
        channel.basic_publish(
            exchange="",
            routing_key=QUEUE,
            body=json.dumps(body).encode(),
            properties=pika.BasicProperties(
                content_type="application/json",
                delivery_mode=pika.DeliveryMode.Persistent,  # survives a restart of RabbitMQ
                message_id=body["business_id"],
                type="email.deliver",
                headers={"version": 1},
            ),
            mandatory=True,
        )
    sys.stdout.write(f"RabbitMQ has {body['business_id']}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
