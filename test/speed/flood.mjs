// Sends requests with one key over some connections, each as soon as the one before is answered, and never waits
// for anything. A process of its own, so that what it costs falls on nobody's clock. Says when it is refused for
// the first time, and prints how many were answered how when it is told to stop.
import { Agent, request } from "node:http";

const [url, key, connections, job_type_id] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const body = JSON.stringify({ job_type_id, input_data: 1 });
/** @type {Record<string, number>} */
const counts = {};
let ends = false;

function send() {
  if (ends) return;
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "content-length": body.length,
  };
  const sent = request(`${url}/jobs`, { method: "POST", agent, headers }, (response) => {
    const status = String(response.statusCode);
    counts[status] = (counts[status] ?? 0) + 1;
    if (status === "429" && counts[status] === 1) console.log("is refused");
    response.resume().once("end", send);
  });
  sent.once("error", send);
  sent.end(body);
}

for (let n = 0; n < Number(connections); n += 1) send();
process.stdin.once("end", () => {
  ends = true;
  console.log(JSON.stringify(counts));
  process.exit();
});
process.stdin.resume();
