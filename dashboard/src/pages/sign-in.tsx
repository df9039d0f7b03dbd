import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { forgetNames } from "../lib/names.ts";
import { signedOutBecause, signIn } from "../lib/session.ts";
import { Banner } from "../ui/banner.tsx";
import { Field } from "../ui/field.tsx";

/** Stands in the place of the page, whose address stays: after the sign-in it is there again. */
export function SignIn(): JSX.Element {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Sign in · Innovation Ecosystem Platform";
    forgetNames();
  }, []);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem("");
    try {
      await signIn(key.trim());
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  return (
    <>
      <Banner />
      <main class="sign-in">
        <h1>Innovation Ecosystem Platform</h1>
        {signedOutBecause.value ? (
          <p class="notice" role="status">
            {signedOutBecause.value}
          </p>
        ) : null}
        <form class="card" onSubmit={(event) => void send(event)}>
          <Field
            field={{
              name: "api_key",
              label: "API key",
              kind: "password",
              isRequired: true,
              hint: "Of an operator or of a customer. It is exchanged for a session and kept nowhere.",
            }}
            value={key}
            error={problem || undefined}
            onValue={setKey}
          />
          <button class="main" disabled={isBusy}>
            {isBusy ? "Signing in …" : "Sign in"}
          </button>
          <div role="alert" class="unseen">
            {problem}
          </div>
        </form>
        <p class="quiet">
          <code>npm start</code> prints a link that signs in once.
        </p>
      </main>
    </>
  );
}
