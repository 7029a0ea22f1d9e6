-- What is shown of an authentication beside its type: the token endpoint and the client of OAuth 2, and the certificate that an endpoint is
-- shown. The secrets are in request_headers. Nodes of the version before cannot read an authentication of these types: they send
-- nothing to such a webhook, and its deliveries wait for the other nodes.
SET LOCAL lock_timeout = '10s';
ALTER TABLE keyhook.webhook
  ADD COLUMN IF NOT EXISTS authentication_details jsonb; -- null: nothing
