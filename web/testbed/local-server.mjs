// A server on this machine, on a port of its own, for pages that tests and benchmarks show.
import { createServer } from 'node:http';

/** Answers by `answer(request, response)`, which whoever extends it brings along. */
export class LocalServer {
  async start() {
    this.server = createServer((request, response) => this.answer(request, response).catch(() => response.destroy()));
    await new Promise((up) => this.server.listen(0, '127.0.0.1', up));
    this.address = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
