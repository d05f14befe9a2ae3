// Requests of the Plan and Record views: JSON both ways; a refusal is an Error with the server's one sentence.

export class Refused extends Error {
  constructor(sentence, body) {
    super(sentence);
    this.body = body;
  }
}

export function asking(api, t) {
  async function ask(path, { method = "GET", body = null, headers = {} } = {}) {
    let answer;
    try {
      answer = await api(path, { method, headers, ...(body === null ? {} : { body }) });
    } catch {
      throw new Refused(t("plan.no_server"), null);
    }
    const told = await answer.json().catch(() => null);
    if (!answer.ok) throw new Refused(told?.error ?? t("plan.no_answer", { status: answer.status }), told);
    return told;
  }
  const send = (method) => (path, body = {}) => ask(path, { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  return { get: (path) => ask(path), post: send("POST"), put: send("PUT"), remove: (path) => ask(path, { method: "DELETE" }), ask };
}
