/** The key of this start of the server, for the console's page and for that of a stop-only station. */

import { passing } from "./storage.js";

/** The token of this start, from the address's fragment; it is taken out of the address and kept for a reload. */
export function token() {
  const found = new URLSearchParams(location.hash.slice(1)).get("t");
  if (found) {
    passing.setItem("flail-token", found);
    history.replaceState(null, "", location.pathname);
  }
  return passing.getItem("flail-token") ?? "";
}
