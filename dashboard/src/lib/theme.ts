import { effect, signal } from "@preact/signals";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const KEY = "iep-theme";

/** Kept in this browser. It is the only thing that is. */
export const theme = signal<Theme>(readTheme());

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
}

export function startTheme(): void {
  effect(() => {
    document.documentElement.style.colorScheme = theme.value === "system" ? "light dark" : theme.value;
    try {
      localStorage.setItem(KEY, theme.value);
    } catch {
      // A browser that keeps nothing shows the theme until it is closed.
    }
  });
}

function readTheme(): Theme {
  try {
    return THEMES.find((one) => one === localStorage.getItem(KEY)) ?? "system";
  } catch {
    return "system";
  }
}
