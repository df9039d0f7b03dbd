/** What the demo has counted: prose of several lengths, written for it. */
export const PARAGRAPHS: readonly string[] = [
  `The ferry left at six, as it had every morning since the war, and nobody on the quay looked up from their coffee. Ida counted the crates twice. There should have been forty; there were thirty-nine, and the one that was missing held the only thing on board that could not be bought again.`,

  `"You could write to them," said the harbour master. He did not say whom he meant. In eleven years Ida had never known him to finish a sentence that might be used against him, and she had come to like that. A man who leaves room for doubt leaves room for a friend.`,

  `She wrote instead to the lighthouse keeper, who owed her a favour and a ladder. The letter was short. Come on Thursday, it said; bring the ladder, the long rope and your brother, and tell nobody, least of all your brother, what any of it is for.`,

  `On Wednesday it rained. The gulls stood along the roof of the customs house with their backs to the weather, like clerks waiting for a door to open, and the water in the basin turned the colour of slate. By noon the fish market had closed. By two the bridge had closed as well, and the town was, for the first time in living memory, an island.`,

  `People who have never lived on an island think of it as a small place. It is not. An island is as large as the time it takes to cross it, and that depends on the wind, the mud, the price of diesel and whether your cousin is speaking to you. Some days it is a continent.`,

  `The crate turned up on Friday, dry and unopened, behind the altar of the sailors' chapel. Nobody had put it there; everybody was quite certain of that. Ida signed for it, because somebody had to, and carried it home through the wet streets as one carries a sleeping child: slowly, and without looking down.`,

  `Inside lay the clock. It was smaller than she remembered. It had no hands, only a slot the width of a coin, and when she held it against her ear she heard what her grandmother must have heard: not a tick but a kind of patience, a machine that was in no hurry to be understood.`,

  `She thought of the letter that had come with it, half of which was bills. We kept exact accounts, the letter said. Every coin that went in is written down, and every coin that came out, and against each the hour and the name. Where the two columns differ, do not trust the columns; trust the clock, and begin again from the first line.`,

  `So she began again from the first line. It took her the whole of the winter, by lamplight, with the stove ticking and the harbour frozen as far as the second buoy. When the ice went out in March the columns agreed, to the coin, and Ida set the clock upon the sill where the ferry could see it.`,

  `The captain sounded the horn. He had no idea why; he told his wife that evening that it had seemed the polite thing to do. From then on he did it every morning, at six, and the people on the quay, who never looked up from their coffee, set their watches by it all the same.`,
];
