import type { ComponentChildren, JSX } from "preact";
import { destinations, isHelpOpen } from "../lib/keys.ts";
import { isLive } from "../lib/changes.ts";
import { pageUrl, segments } from "../lib/place.ts";
import { ROOT } from "../lib/root.ts";
import { me, signOut } from "../lib/session.ts";
import { nextTheme, theme } from "../lib/theme.ts";
import { Banner } from "./banner.tsx";
import { FormDialogs } from "./form-dialog.tsx";
import { KeyMap } from "./key-map.tsx";
import { Text } from "./text.tsx";
import { Toasts } from "./toast.tsx";

/** What stands around every page. */
export function Shell({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const current = segments.value[0] ?? "";
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <div class="shell">
        <header class="side">
          <a class="brand" href={pageUrl("/")}>
            <span class="mark" aria-hidden="true" />
            Ecosystem Platform
          </a>
          <nav aria-label="Pages of the dashboard">
            <ul>
              {destinations().map(({ path, label }) => {
                const isCurrent = path === `/${current}`;
                return (
                  <li key={path}>
                    <a href={pageUrl(path)} aria-current={isCurrent ? "page" : undefined}>
                      {label}
                    </a>
                  </li>
                );
              })}
            </ul>
          </nav>
          <div class="side-foot">
            <p class="who">
              <Who />
            </p>
            <button type="button" onClick={() => (isLive.value = !isLive.value)} aria-pressed={isLive.value}>
              <span class={isLive.value ? "dot on" : "dot"} aria-hidden="true" /> Live
            </button>
            <button type="button" onClick={nextTheme}>
              Theme: {theme.value}
            </button>
            <button type="button" onClick={() => (isHelpOpen.value = true)}>
              Shortcuts
            </button>
            <a class="button" href={new URL("docs", ROOT).href} target="_blank" rel="noopener">
              API
            </a>
            <button type="button" onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
        </header>
        <div class="content">
          <Banner />
          <main id="main" tabIndex={-1}>
            {children}
          </main>
        </div>
      </div>
      <Toasts />
      <FormDialogs />
      <KeyMap />
    </>
  );
}

function Who(): JSX.Element {
  const who = me.value;
  if (!who) return <>–</>;
  if (who.kind === "customer") return <Text value={who.customer.name} />;
  return who.kind === "admin" ? (
    <>Admin key</>
  ) : (
    <>
      <Text value={who.name} /> <span class="quiet">{who.role}</span>
    </>
  );
}
