import { type Server as ProtocolServer } from 'graphql-ws';
import { type WebSocket } from 'ws';
import { type Log } from '../domain/log';

/** Why we close a socket: RFC 6455 and graphql-transport-ws. */
export const CLOSE = {
  goingAway: 1001,
  badRequest: 4400,
  forbidden: 4403,
  tooMany: 4429,
  internal: 4500,
} as const;

/** Beyond this much unread output we stop reading from a client: it must not make us hold more by asking for more. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** What runs the protocol on one socket. */
export interface SocketAttachment<Extra> {
  readonly protocol: ProtocolServer<Extra>;
  readonly socket: WebSocket;
  readonly extra: Extra;
  readonly pingEveryMs: number;
  readonly requestId: string;
  readonly log: Log;
  readonly onClose: () => void;
}

/**
 * Joins a `ws` socket to the protocol. It stands in for graphql-ws's own `useServer`, which writes to the console, puts
 * messages of unexpected errors into close reasons, answers oversize messages with a second close code, and reads on
 * from clients that do not take their answers.
 */
export function attachSocket<Extra>(attachment: SocketAttachment<Extra>): void {
  const { protocol, socket, extra, log, requestId, onClose } = attachment;
  const keepAlive = ping(socket, attachment.pingEveryMs);
  const unexpected = (err: unknown): void => {
    log.error({ err, requestId }, 'socket failed');
    socket.close(CLOSE.internal, 'Internal error');
  };
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (data) => send(socket, data),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (take) => {
        socket.on('message', (data: Buffer, isBinary) => {
          keepAlive.seen();
          holdBack(socket);
          if (isBinary) socket.close(CLOSE.badRequest, 'Invalid message received');
          else take(data.toString('utf8')).catch(unexpected);
        });
      },
    },
    extra,
  );
  socket.on('pong', keepAlive.seen);
  socket.on('ping', () => holdBack(socket));
  // ws has closed the socket with the right code (1007, 1009 …) before it tells.
  socket.on('error', (err) => log.debug({ err, requestId }, 'socket broke'));
  socket.once('close', (code, reason) => {
    keepAlive.stop();
    onClose();
    closed(code, String(reason)).catch((err: unknown) => log.error({ err, requestId }, 'socket clean-up failed'));
  });
}

/** Resolves when the operating system has taken the data: this is where back-pressure comes from. */
function send(socket: WebSocket, data: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) {
      resolve();
      return;
    }
    // An error here means that the socket is closing, and 'close' cleans up: nobody is left to be told.
    socket.send(data, () => {
      if (socket.isPaused && socket.bufferedAmount <= MAX_UNREAD_BYTES) socket.resume();
      resolve();
    });
  });
}

function holdBack(socket: WebSocket): void {
  if (socket.bufferedAmount > MAX_UNREAD_BYTES) socket.pause();
}

function ping(socket: WebSocket, everyMs: number): { readonly seen: () => void; readonly stop: () => void } {
  let seen = true;
  const timer = setInterval(() => {
    if (!seen) {
      socket.terminate();
      return;
    }
    seen = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, everyMs);
  return {
    seen: () => {
      seen = true;
    },
    stop: () => clearInterval(timer),
  };
}
