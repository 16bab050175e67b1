"""What an operator does to consumer groups with Kafka's own tools."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import DeleteGroupsRequest

from shared.messaging.security import client_options


async def delete_group(bootstrap_servers: str, group: str) -> None:
    """Delete a group that has no members: `kafka-consumer-groups --delete`.

    Raises:
        KafkaError: the broker refused.
    """
    admin = AIOKafkaAdminClient(**client_options(bootstrap_servers))
    try:
        await admin.start()
        answer = await admin._send_request(DeleteGroupsRequest([group]), await admin.find_coordinator(group))
    finally:
        await admin.close()
    for _, code in answer.results:
        if code:
            raise for_code(code)
