import { signal } from "@preact/signals";
import type { Api } from "../api-types.gen.ts";
import { ask, onSignedOut, post } from "./http.ts";
import { Away, Problem } from "./problem.ts";

export type Me = Api["Me"];

/** Who looks on. Null: nobody signed in. Undefined: the API has not said yet. */
export const me = signal<Me | null | undefined>(undefined);
/** Why somebody has to sign in again. */
export const signedOutBecause = signal("");

const LINK = "#sign-in=";

/** Asks who looks on, and takes the link that `npm start` prints: it signs in once. */
export async function startSession(): Promise<void> {
  onSignedOut.call = () => {
    if (me.value) signedOutBecause.value = "Your session has ended. Sign in again: you stay on this page.";
    me.value = null;
  };
  // The link may be opened in a tab that shows the dashboard already.
  addEventListener("hashchange", () => void takeLink());
  if (!(await takeLink())) await learnMe();
}

/** Signs in by the link in the address, if it is there. */
async function takeLink(): Promise<boolean> {
  if (!location.hash.startsWith(LINK)) return false;
  const sign_in_token = decodeURIComponent(location.hash.slice(LINK.length));
  // The token works once, but it has no business in the history either.
  history.replaceState(null, "", location.pathname + location.search);
  signedOutBecause.value = "";
  try {
    await post("/session", { sign_in_token });
  } catch (error) {
    signedOutBecause.value = error instanceof Problem ? error.message : "The sign-in link did not work.";
  }
  await learnMe();
  return true;
}

/** Asks until there is an answer: the API may be starting. */
async function learnMe(): Promise<void> {
  for (;;) {
    try {
      me.value = await ask<Me>("/me");
      return;
    } catch (error) {
      if (!(error instanceof Away)) {
        me.value = null;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

/** Exchanges a key for a session cookie that no script can read. The key is kept nowhere. */
export async function signIn(api_key: string): Promise<void> {
  await post("/session", { api_key });
  signedOutBecause.value = "";
  me.value = await ask<Me>("/me");
}

export async function signOut(): Promise<void> {
  await ask("/session", { method: "DELETE" }).catch(() => undefined);
  signedOutBecause.value = "";
  me.value = null;
}
