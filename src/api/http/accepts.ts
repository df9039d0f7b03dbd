/** Whether an Accept header prefers a type: it names that type with at least the quality of application/json. */
export function prefers(accept: string | undefined, wanted: string): boolean {
  const qualityOf = (type: string): number => {
    const range = accept?.split(",").find((part) => part.split(";", 1)[0]?.trim().toLowerCase() === type);
    if (range === undefined) return 0;
    const quality = /;\s*q\s*=\s*([\d.]+)/i.exec(range)?.[1];
    return quality === undefined ? 1 : Number(quality);
  };
  return qualityOf(wanted) > 0 && qualityOf(wanted) >= qualityOf("application/json");
}
