import { render, type JSX } from "preact";
import { startChanges } from "./lib/changes.ts";
import { startKeys } from "./lib/keys.ts";
import { startPlaces } from "./lib/place.ts";
import { me, startSession } from "./lib/session.ts";
import { startTheme } from "./lib/theme.ts";
import { startClock } from "./lib/time.ts";
import { CurrentPage } from "./pages/current-page.tsx";
import { SignIn } from "./pages/sign-in.tsx";
// The bundler writes the style sheet beside the script.
// oxlint-disable-next-line import/no-unassigned-import
import "./style.css";
import { Shell } from "./ui/shell.tsx";

function App(): JSX.Element {
  if (me.value === undefined) return <p class="waiting first">Asking the API …</p>;
  if (me.value === null) return <SignIn />;
  return (
    <Shell>
      <CurrentPage />
    </Shell>
  );
}

startTheme();
startPlaces();
startKeys();
startClock();
startChanges();
void startSession();
render(<App />, document.querySelector("#app") ?? document.body);
