"""Uses the client that `openapi-generator -g python` makes."""
import datetime
import os
import urllib.request

import openapi_client as keyhook

configuration = keyhook.Configuration(host=os.environ["KEYHOOK_URL"], access_token=os.environ["KEYHOOK_KEY"])
client = keyhook.ApiClient(configuration)
licenses = keyhook.LicensesApi(client)
validation = keyhook.ValidationApi(client)
webhooks = keyhook.WebhooksApi(client)
deliveries = keyhook.DeliveriesApi(client)

webhook = webhooks.create_webhook(keyhook.CreateWebhookRequest(url=os.environ["RECEIVER_URL"], events=[keyhook.EventType(event) for event in (
    "license.validated", "license.activated", "license.expired", "license.disabled")]))
soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
licenses.create_license(keyhook.CreateLicenseRequest(name="Short", expires_at=soon))
studio = licenses.create_license(keyhook.CreateLicenseRequest(name="Studio", customer_email="ada@example.com"))

valid = validation.validate_license(keyhook.ValidateRequest(license_key=studio.key, fingerprint="device-1"))
print("valid", valid.current_activations, "of", valid.max_activations)
try:
    validation.validate_license(keyhook.ValidateRequest(license_key=studio.key, fingerprint="device-2"))
except keyhook.ApiException as refused:
    print("refused", refused.status, refused.data.code)
print("status", licenses.disable_license(studio.id).status.value)

try:
    licenses.get_license("lic_01jhsqm7r3fwdb1n9y2c5x8g4k")
except keyhook.ApiException as missing:
    print("problem", missing.data.status, missing.data.code)
try:
    past = datetime.datetime(2025, 1, 3, tzinfo=datetime.timezone.utc)
    licenses.create_license(keyhook.CreateLicenseRequest(name="Past", expires_at=past))
except keyhook.ApiException as invalid:
    print("problem", invalid.data.status, invalid.data.code, invalid.data.errors[0].var_field)

names, page = [], licenses.list_licenses(limit=1, sort="name")
names += [one.name for one in page.data]
while page.next_cursor:
    page = licenses.list_licenses(limit=1, sort="name", cursor=page.next_cursor)
    names += [one.name for one in page.data]
print("listed", *names)

webhooks.test_webhook(keyhook.TestWebhookRequest(webhook_id=webhook.id))
urllib.request.urlopen(os.environ["DELIVERED_URL"]).read()  # answers when all are delivered
page = deliveries.list_deliveries(webhook.id, status=keyhook.DeliveryStatus.DELIVERED)
delivered = {one.event: one.id for one in page.data if one.last_error is None}
for event, delivery_id in sorted(delivered.items()):
    payload = deliveries.get_delivery(delivery_id).payload.actual_instance
    detail = {
        keyhook.LicenseActivated: lambda data: data.customer_email,
        keyhook.LicenseDisabled: lambda data: data.license_name,
        keyhook.LicenseExpired: lambda data: data.license_name,
        keyhook.LicenseValidated: lambda data: data.fingerprint,
        keyhook.WebhookTest: lambda data: str(data.webhook_id == webhook.id).lower(),
    }[type(payload)](payload.data)
    print("delivered", event, detail)
