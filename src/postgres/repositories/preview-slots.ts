import { PlatformError } from "../../core/lib/errors.ts";
import { BULK_PREVIEWS_PER_OWNER_MAX } from "../../core/model/limits.ts";

/** Previews of bulk actions, each of which may look at many jobs: few of one owner at a time. */
export class PreviewSlots {
  readonly #taken = new Map<string | null, number>();

  /** Returns what `count` returns. Throws `rate_limited` when the owner has too many under way. */
  async take<Result>(owner: string | null, count: () => Promise<Result>): Promise<Result> {
    const taken = this.#taken.get(owner) ?? 0;
    if (taken >= BULK_PREVIEWS_PER_OWNER_MAX)
      throw new PlatformError(
        "rate_limited",
        "What another bulk action of yours would do is being counted. Send this one again when that one is answered.",
      );
    this.#taken.set(owner, taken + 1);
    try {
      return await count();
    } finally {
      const left = (this.#taken.get(owner) ?? 1) - 1;
      if (left > 0) this.#taken.set(owner, left);
      else this.#taken.delete(owner);
    }
  }
}
