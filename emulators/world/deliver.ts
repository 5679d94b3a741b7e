/** Carries a delivery to its receiver and tells the HTTP status; a rejection counts as a failed attempt. */
export type Deliver = (delivery: Delivery) => Promise<number>;

/** A webhook on its way. */
export type Delivery = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes that the signature covers. */
  readonly body: string;
};

/** Patience with a receiver, real ms. Source: Fireflies docs, "Webhooks V2": an answer within 10 s. */
const ANSWER_MS_MAX = 10_000;

/** Send webhooks over HTTP, as the real services do. */
export const deliverByHttp: Deliver = async ({ url, headers, body }) => {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const response = await fetch(url, { method: "POST", headers, body, signal });
  await response.body?.cancel();
  return response.status;
};
