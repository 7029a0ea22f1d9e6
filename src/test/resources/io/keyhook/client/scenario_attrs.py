"""Uses the client that openapi-python-client makes."""
import datetime
import os
import urllib.request

from keyhook_client import AuthenticatedClient
from keyhook_client.api.deliveries import get_delivery, list_deliveries
from keyhook_client.api.licenses import create_license, disable_license, get_license, list_licenses
from keyhook_client.api.validation import validate_license
from keyhook_client.api.webhooks import create_webhook, test_webhook
from keyhook_client.models import *

client = AuthenticatedClient(base_url=os.environ["KEYHOOK_URL"], token=os.environ["KEYHOOK_KEY"])

webhook = create_webhook.sync(client=client, body=CreateWebhookRequest(url=os.environ["RECEIVER_URL"], events=[EventType(event) for event in (
    "license.validated", "license.activated", "license.expired", "license.disabled")]))
assert isinstance(webhook, WebhookWithSecret)
soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
create_license.sync(client=client, body=CreateLicenseRequest(name="Short", expires_at=soon))
studio = create_license.sync(client=client, body=CreateLicenseRequest(name="Studio", customer_email="ada@example.com"))
assert isinstance(studio, License)

valid = validate_license.sync(client=client, body=ValidateRequest(license_key=studio.key, fingerprint="device-1"))
assert isinstance(valid, ValidLicense)
print("valid", valid.current_activations, "of", valid.max_activations)
refused = validate_license.sync_detailed(client=client, body=ValidateRequest(license_key=studio.key, fingerprint="device-2"))
assert isinstance(refused.parsed, InvalidLicense)
print("refused", refused.status_code.value, refused.parsed.code.value)
disabled = disable_license.sync(studio.id, client=client)
assert isinstance(disabled, License)
print("status", disabled.status.value)

missing = get_license.sync("lic_01jhsqm7r3fwdb1n9y2c5x8g4k", client=client)
assert isinstance(missing, Problem)
print("problem", missing.status, missing.code.value)
past = datetime.datetime(2025, 1, 3, tzinfo=datetime.timezone.utc)
invalid = create_license.sync(client=client, body=CreateLicenseRequest(name="Past", expires_at=past))
assert isinstance(invalid, Problem) and isinstance(invalid.errors, list)
print("problem", invalid.status, invalid.code.value, invalid.errors[0].field)

names: list[str] = []
cursor: dict[str, str] = {}
while True:
    page = list_licenses.sync(client=client, limit=1, sort=ListLicensesSort.NAME, **cursor)
    assert isinstance(page, LicensePage)
    names += [one.name for one in page.data]
    if page.next_cursor is None:
        break
    cursor = {"cursor": page.next_cursor}
print("listed", *names)

test_webhook.sync(client=client, body=TestWebhookRequest(webhook_id=webhook.id))
urllib.request.urlopen(os.environ["DELIVERED_URL"]).read()  # answers when all are delivered
deliveries = list_deliveries.sync(webhook.id, client=client, status=DeliveryStatus.DELIVERED)
assert isinstance(deliveries, DeliveryPage)
delivered = {one.event.value: one.id for one in deliveries.data if one.last_error is None}
for event, delivery_id in sorted(delivered.items()):
    delivery = get_delivery.sync(delivery_id, client=client)
    assert isinstance(delivery, Delivery)
    detail: str
    match delivery.payload:
        case LicenseActivated(data=activated):
            detail = str(activated.customer_email)
        case LicenseDisabled(data=of_disabled):
            detail = of_disabled.license_name
        case LicenseExpired(data=expired):
            detail = expired.license_name
        case LicenseValidated(data=validated):
            detail = validated.fingerprint
        case WebhookTest(data=test):
            detail = str(test.webhook_id == webhook.id).lower()
    print("delivered", event, detail)
