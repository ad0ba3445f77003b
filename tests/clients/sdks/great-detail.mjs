// An app on @great-detail/whatsapp. docs/clients.md shows parts of this file, the suite runs all of it.

import Client from "@great-detail/whatsapp";
import { isHTTPError } from "ky";

export function connect({ gateway, token }) {
  return new Client({ baseUrl: gateway, request: { headers: { Authorization: `Bearer ${token}` } } });
}

// `person` is { to: "+27…" }, or { recipient: "ZA.…" } in alias mode.
export function sendText(client, phoneNumberID, person, body) {
  return client.message.createMessage({ phoneNumberID, ...person, type: "text", text: { body } }).json();
}

export function sendReply(client, phoneNumberID, person, body, message_id) {
  return client.message.createMessage({ phoneNumberID, ...person, type: "text", text: { body }, context: { message_id } }).json();
}

export function sendTemplate(client, phoneNumberID, person, name, values) {
  const parameters = values.map((text) => ({ type: "text", text }));
  const template = { name, language: { code: "en" }, components: [{ type: "body", parameters }] };
  return client.message.createMessage({ phoneNumberID, ...person, type: "template", template }).json();
}

export async function sendPicture(client, phoneNumberID, person, bytes, caption) {
  const mimeType = "image/png";
  const file = new Blob([bytes], { type: mimeType });
  const { id } = await client.media.upload({ phoneNumberID, mimeType, file, filename: "picture.png" }).json();
  return client.message.createMessage({ phoneNumberID, ...person, type: "image", image: { id, caption } }).json();
}

// The SDK's download knows no token and names Meta's host; both are set right here.
export async function fetchMedia(client, mediaID, token) {
  const { url: mediaURL } = await client.media.getURL({ mediaID }).json();
  const headers = { Authorization: `Bearer ${token}`, Host: new URL(mediaURL).host };
  return Buffer.from(await client.media.download({ mediaURL, request: { headers } }).arrayBuffer());
}

export function locateMedia(client, mediaID) {
  return client.media.getURL({ mediaID }).json().then(({ url }) => url);
}

export function sendButtons(client, phoneNumberID, person, text, buttons) {
  const action = { buttons: buttons.map((reply) => ({ type: "reply", reply })) };
  const interactive = { type: "button", body: { text }, action };
  return client.message.createMessage({ phoneNumberID, ...person, type: "interactive", interactive }).json();
}

export function sendList(client, phoneNumberID, person, text, button, sections) {
  const interactive = { type: "list", body: { text }, action: { button, sections } };
  return client.message.createMessage({ phoneNumberID, ...person, type: "interactive", interactive }).json();
}

export function sendReaction(client, phoneNumberID, person, message_id, emoji) {
  return client.message.createMessage({ phoneNumberID, ...person, type: "reaction", reaction: { message_id, emoji } }).json();
}

export function markRead(client, phoneNumberID, message_id) {
  return client.message.createStatus({ phoneNumberID, message_id, status: "read", typing_indicator: { type: "text" } }).json();
}

/** The SDK has no setting for a cursor: the first page is all it can ask for. */
export async function listTemplates(client, businessAccountID, limit) {
  const { data } = await client.template.list(businessAccountID, { limit }).json();
  return data;
}

export async function refusalOf(send) {
  try {
    await send();
    return null;
  } catch (error) {
    if (!isHTTPError(error)) throw error;
    const { code, error_data } = error.data.error;
    return { code, reason: error_data.details, error };
  }
}

// `rawBody` is the Buffer as it came in; an HTTP framework must not have parsed it.
export async function receive(client, { method, headers, rawBody, secret }) {
  const event = await client.webhook.eventNotification({ method, headers, query: {}, body: rawBody.toString() });
  try {
    await event.verifySignature(secret);
  } catch (error) {
    if (error instanceof client.webhook.errors.InvalidHubSignatureWebhookError) return null;
    throw error;
  }
  return event.eventNotification;
}

/** What the SDK read in a webhook, in the words of the suite. */
export function tell(event) {
  const values = event.entry.flatMap((entry) => entry.changes.map((change) => change.value));
  return values.flatMap(({ contacts = [], messages = [], statuses = [] }) => [
    ...messages.map((message) => ({
      kind: "message",
      id: message.id,
      text: message.text?.body,
      media: message.image?.id,
      choice: message.interactive?.button_reply?.id ?? message.interactive?.list_reply?.id,
      sender: { phone: message.from, userId: message.from_user_id, name: contacts[0]?.profile?.name },
    })),
    ...statuses.map((status) => ({
      kind: "status",
      id: status.id,
      status: status.status,
      recipient: { phone: status.recipient_id, userId: status.recipient_user_id },
    })),
  ]);
}

/** Whom the answer to a send names. */
export function addressee({ contacts: [contact] }) {
  return { phone: contact.wa_id, userId: contact.user_id };
}
