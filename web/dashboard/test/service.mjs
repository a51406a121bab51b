// Stands for the query service: the built pages, fixtures as JSON, and a live
// stream that a test writes to.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
// As the real service says it, so that what it forbids is missed here too.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export async function start(answers) {
  const service = { asked: [], streams: new Set(), answers, key: null };

  const json = (response, status, body, headers = {}) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
  const refuse = (response, status, message) => json(response, status, { code: status, message, details: [] });

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    response.setHeader("content-security-policy", POLICY);
    if (url.pathname === "/api/v1/login") {
      let body = "";
      for await (const part of request) body += part;
      if (JSON.parse(body).key !== service.key) return refuse(response, 401, "the read key is missing or wrong");
      return json(response, 200, {}, { "set-cookie": `furrow_read=${service.key}; Path=/api; HttpOnly; SameSite=Strict` });
    }
    if (url.pathname.startsWith("/api/v1/")) {
      service.asked.push(url.pathname + url.search);
      if (service.key && !(request.headers.cookie ?? "").includes(`furrow_read=${service.key}`)) {
        return refuse(response, 401, "the read key is missing or wrong");
      }
      const [, , , what, id, part] = url.pathname.split("/");
      if (what === "live") {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("event: ready\ndata: {}\n\n");
        service.streams.add(response);
        request.on("close", () => service.streams.delete(response));
        return;
      }
      if (what === "health") return json(response, 200, service.answers.health());
      const body = part === "trail" ? service.answers.trail?.(id) : id ? service.answers.session?.(id) : service.answers.sessions(url.searchParams);
      return body ? json(response, 200, body) : refuse(response, 404, "there is no such session");
    }
    const name = url.pathname === "/" ? "index.html" : url.pathname.slice(1);
    try {
      const content = await readFile(DIST + name);
      response.writeHead(200, { "content-type": TYPES[name.split(".").pop()] ?? "application/octet-stream" });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  service.url = `http://127.0.0.1:${server.address().port}/`;
  service.tell = (event, body) => {
    for (const stream of service.streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(body)}\n\n`);
  };
  service.cut = () => {
    for (const stream of service.streams) stream.destroy();
  };
  service.stop = () => {
    service.cut();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return service;
}
