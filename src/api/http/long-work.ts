import { Turns } from "../../core/lib/turns.ts";

/**
 * Everything in this process that would hold the event loop for milliseconds: a large body, a batch of many
 * wrong items. One piece a round of the loop, whoever it is for, so that short requests wait for one at most.
 */
export const longWork = new Turns();
