/**
 * Where the platform is, as the browser sees it: this script lies in `dashboard/assets/` below it. So the
 * dashboard works under any prefix that a proxy puts before the API.
 */
export const ROOT = new URL("../../", import.meta.url);

/** The path under which all pages of the dashboard are. */
export const HOME = new URL("dashboard", ROOT).pathname;
