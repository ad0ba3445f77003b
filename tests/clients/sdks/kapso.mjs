// An app on @kapso/whatsapp-cloud-api. docs/clients.md shows parts of this file, the suite runs all of it.

import { GraphApiError, WhatsAppClient, buildTemplateSendPayload } from "@kapso/whatsapp-cloud-api";
import { normalizeWebhook, verifySignature } from "@kapso/whatsapp-cloud-api/server";

export function connect({ gateway, token }) {
  return new WhatsAppClient({ baseUrl: gateway, accessToken: token });
}

// `person` is { to: "+27…" }, or { recipient: "ZA.…" } in alias mode.
export function sendText(client, phoneNumberId, person, body) {
  return client.messages.sendText({ phoneNumberId, ...person, body });
}

export function sendReply(client, phoneNumberId, person, body, contextMessageId) {
  return client.messages.sendText({ phoneNumberId, ...person, body, contextMessageId });
}

export function sendTemplate(client, phoneNumberId, person, name, values) {
  const body = values.map((text) => ({ type: "text", text }));
  const template = buildTemplateSendPayload({ name, language: "en", body });
  return client.messages.sendTemplate({ phoneNumberId, ...person, template });
}

export async function sendPicture(client, phoneNumberId, person, bytes, caption) {
  const type = "image/png";
  const file = new Blob([bytes], { type });
  const { id } = await client.media.upload({ phoneNumberId, type, file, fileName: "picture.png" });
  return client.messages.sendImage({ phoneNumberId, ...person, image: { id, caption } });
}

// `auth: "always"`: else the SDK sends the token to Kapso's own hosts only, and takes the 401 for the file.
export async function fetchMedia(client, mediaId) {
  const response = await client.media.download({ mediaId, auth: "always", as: "response" });
  if (!response.ok) throw new Error(`the media cannot be had: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

export function locateMedia(client, mediaId) {
  return client.media.get({ mediaId }).then(({ url }) => url);
}

export function sendButtons(client, phoneNumberId, person, bodyText, buttons) {
  return client.messages.sendInteractiveButtons({ phoneNumberId, ...person, bodyText, buttons });
}

export function sendList(client, phoneNumberId, person, bodyText, buttonText, sections) {
  return client.messages.sendInteractiveList({ phoneNumberId, ...person, bodyText, buttonText, sections });
}

export function sendReaction(client, phoneNumberId, person, messageId, emoji) {
  return client.messages.sendReaction({ phoneNumberId, ...person, reaction: { messageId, emoji } });
}

export function markRead(client, phoneNumberId, messageId) {
  return client.messages.markRead({ phoneNumberId, messageId, typingIndicator: { type: "text" } });
}

export async function listTemplates(client, businessAccountId, limit) {
  const templates = [];
  for (let after; ; ) {
    const { data, paging } = await client.templates.list({ businessAccountId, limit, after });
    templates.push(...data);
    if (!paging.next) return templates;
    after = paging.cursors.after;
  }
}

export async function refusalOf(send) {
  try {
    await send();
    return null;
  } catch (error) {
    if (!(error instanceof GraphApiError)) throw error;
    return { code: error.code, reason: error.details, error };
  }
}

// `rawBody` is the Buffer as it came in; an HTTP framework must not have parsed it.
export function receive(client, { headers, rawBody, secret }) {
  const signatureHeader = headers["x-hub-signature-256"];
  if (!verifySignature({ appSecret: secret, rawBody, signatureHeader })) return null;
  return normalizeWebhook(JSON.parse(rawBody));
}

/** What the SDK read in a webhook, in the words of the suite. */
export function tell(event) {
  const [contact] = event.contacts;
  const messages = event.messages.map((message) => ({
    kind: "message",
    id: message.id,
    text: message.text?.body,
    media: message.image?.id,
    choice: message.interactive?.buttonReply?.id ?? message.interactive?.listReply?.id,
    sender: { phone: message.from, userId: message.fromUserId, name: contact?.profile?.name },
  }));
  const statuses = event.statuses.map((status) => ({
    kind: "status",
    id: status.id,
    status: status.status,
    recipient: { phone: status.recipientId, userId: status.recipientUserId },
  }));
  return [...messages, ...statuses];
}

/** Whom the answer to a send names. */
export function addressee({ contacts: [contact] }) {
  return { phone: contact.waId, userId: contact.userId };
}
