import type { JSX } from "preact";

interface Tab {
  readonly label: string;
  readonly href: string;
  readonly isCurrent: boolean;
  /** "12", "10,000+"; left out where it is not known. */
  readonly count?: string | undefined;
}

/** Links that look like tabs: each has an address. */
export function Tabs({
  label,
  tabs,
}: {
  readonly label: string;
  readonly tabs: readonly Tab[];
}): JSX.Element {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a
          key={tab.label}
          href={tab.href}
          aria-current={tab.isCurrent ? "page" : undefined}
          aria-description={tab.count}
        >
          {tab.label}
          {tab.count === undefined ? null : (
            <span class="count" aria-hidden="true">
              {tab.count}
            </span>
          )}
        </a>
      ))}
    </nav>
  );
}
