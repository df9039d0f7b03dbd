import { BlockList, isIP } from "node:net";
import { WEBHOOK_URL_LENGTH_MAX } from "./limits.ts";
import type { WebhookRules } from "./webhook.ts";

/** Addresses that are nobody's on the internet. The transport checks again, when it connects. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const)
  PRIVATE.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of [
  ["::", 96],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  PRIVATE.addSubnet(network, prefix, "ipv6");

/**
 * What is wrong with the address of an endpoint; undefined when nothing is. A name is not looked up here: what
 * it means may change until something is sent, and is checked then.
 */
export function findWebhookUrlFault(address: string, { allowPrivate }: WebhookRules): string | undefined {
  if (address.length > WEBHOOK_URL_LENGTH_MAX)
    return `must have at most ${WEBHOOK_URL_LENGTH_MAX} characters`;
  if (!URL.canParse(address)) return "must be an address such as https://example.com/webhooks";
  const url = new URL(address);
  const isHttp = url.protocol === "http:" && allowPrivate;
  if (url.protocol !== "https:" && !isHttp)
    return url.protocol === "http:"
      ? "must begin with https://; http is only for WEBHOOK_ALLOW_PRIVATE=true"
      : "must begin with https://";
  if (url.username !== "" || url.password !== "")
    return "must have no user and no password in it: the signature proves who sends";
  if (!allowPrivate && isPrivateHost(url.hostname))
    return `must not lead to the private address ${url.hostname}; only WEBHOOK_ALLOW_PRIVATE=true allows that`;
  return undefined;
}

/**
 * The address of a webhook that a job brings with it, written as it is sent, or what is wrong with it: that there
 * is no character in it that could not be stored.
 */
export function readWebhookUrl(
  address: string,
  rules: WebhookRules,
): { readonly url: string } | { readonly fault: string } {
  const url = URL.canParse(address) ? new URL(address).href : address;
  const fault = findWebhookUrlFault(url, rules);
  return fault === undefined ? { url } : { fault };
}

/** Of a URL, whose parser has turned all forms of an IPv4 address into the usual one. */
function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  const family = isIP(host);
  return family !== 0 && PRIVATE.check(host, family === 6 ? "ipv6" : "ipv4");
}
