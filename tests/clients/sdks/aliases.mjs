// What no SDK has a call for, because it is the gateway's own.

export async function register({ gateway, token, numberId }, customerKey, phone) {
  const response = await fetch(`${gateway}/v23.0/${numberId}/imvume_aliases`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ customer_key: customerKey, phone }),
  });
  if (!response.ok) throw new Error(`the customer cannot be registered: ${response.status}`);
  const { alias } = await response.json();
  return alias;
}
