import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { describeUnknownCommand } from "../../src/cli/unknown-command.js";

const program = new Command("ice-service");
program.command("serve", { isDefault: true });
program.command("check");
const token = program.command("token");
token.command("new");
token.command("hash");
const secret = program.command("secret");
secret.command("new");
secret.command("rotate");
program.command("config").command("check");

describe("describeUnknownCommand", () => {
  it.each<[words: string, meant: string]>([
    ["serv", "serve"],
    ["SERVE", "serve"],
    ["chekc", "check"],
    ["secrets new", "secret new"],
    ["secrets", "secret"],
    ["token hsah", "token hash"],
    ["tokn hsah", "token hash"],
    ["config chek", "config check"],
    ["check config", "config check"],
    ["new token", "token new"],
    ["hash", "token hash"],
    ["rotate", "secret rotate"],
    ["new", "token new or secret new"],
    ["serv now", "serve"],
    ["ice.yaml", "--config ice.yaml"],
    ["config check /etc/ice", "--config /etc/ice"],
  ])("suggests for %j: %s", (words, meant) => {
    expect(describeUnknownCommand(words.split(" "), program)).toBe(
      `error: unknown command '${words}'\n(Did you mean ${meant}?)`,
    );
  });

  it.each([
    ["frobnicate", "error: unknown command 'frobnicate'"],
    ["serve foo", "error: 'serve' takes no arguments, but got 'foo'"],
    ["config check foo bar", "error: 'config check' takes no arguments, but got 'foo bar'"],
  ])("suggests nothing for %j", (words, message) => {
    expect(describeUnknownCommand(words.split(" "), program)).toBe(message);
  });

  it.each([[[]], [["serve"]], [["token"]], [["config", "check"]]])("takes %j", (words) => {
    expect(describeUnknownCommand(words, program)).toBeUndefined();
  });
});
