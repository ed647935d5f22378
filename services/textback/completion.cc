// textback completion bash|zsh|fish: the shell's script, made from the table of commands.
#include "commands.h"
#include "shell.h"

namespace textback::cli {
namespace {

struct Word {
  std::string text;
  std::string doc;
  bool command = false;
};

std::vector<Word> WordsOf(CLI::App& app) {
  std::vector<Word> words;
  for (auto* sub : app.get_subcommands([](CLI::App*) { return true; }))
    words.push_back({sub->get_name(), sub->get_description(), true});
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames())
      words.push_back({"--" + name, option->get_description(), false});
  }
  return words;
}

void Walk(CLI::App& app, const std::string& path,
          const std::function<void(const std::string&, const std::vector<Word>&)>& visit) {
  visit(path, WordsOf(app));
  for (auto* sub : app.get_subcommands([](CLI::App*) { return true; }))
    Walk(*sub, path + " " + sub->get_name(), visit);
}

std::string Joined(const std::vector<Word>& words, bool commands_only) {
  std::string out;
  for (const auto& word : words) {
    if (commands_only && !word.command) continue;
    out += (out.empty() ? "" : " ") + word.text;
  }
  return out;
}

// For single quotes of a shell: the first line, without quotes.
std::string Plain(const std::string& doc) {
  std::string out = doc.substr(0, doc.find('\n'));
  std::erase_if(out, [](char c) { return c == '\'' || c == '\\' || c == '`' || c == '$'; });
  return out;
}

// The commands before the cursor make the path, whose words are offered; files where none fit.
std::string Bash(CLI::App& app) {
  std::string out =
      "# source <(textback completion bash)\n"
      "_textback() {\n"
      "  local word path=textback current=${COMP_WORDS[COMP_CWORD]} words\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n";
  Walk(app, "textback", [&](const std::string& path, const std::vector<Word>&) {
    if (path != "textback") out += "      '" + path + "') path='" + path + "' ;;\n";
  });
  out += "    esac\n  done\n  case $path in\n";
  Walk(app, "textback", [&](const std::string& path, const std::vector<Word>& words) {
    out += "    '" + path + "') words='" + Joined(words, false) + "' ;;\n";
  });
  out +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}\n"
      "complete -o default -F _textback textback\n";
  return out;
}

std::string Zsh(CLI::App& app) {
  return "#compdef textback\n"
         "# source <(textback completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         Bash(app);
}

std::string Fish(CLI::App& app) {
  std::string out = "# textback completion fish | source\n";
  Walk(app, "textback", [&](const std::string& path, const std::vector<Word>& words) {
    const auto space = path.find(' ');
    std::string condition;
    if (space == std::string::npos) {
      condition = "__fish_use_subcommand";
    } else {
      for (std::size_t at = space; at != std::string::npos;) {
        const auto next = path.find(' ', at + 1);
        condition += (condition.empty() ? "" : "; and ") +
                     std::string("__fish_seen_subcommand_from ") +
                     path.substr(at + 1, next == std::string::npos ? next : next - at - 1);
        at = next;
      }
      if (const auto deeper = Joined(words, true); !deeper.empty())
        condition += "; and not __fish_seen_subcommand_from " + deeper;
    }
    for (const auto& word : words) {
      out += "complete -c textback -n '" + condition + "' ";
      out += word.command ? "-f -a '" + word.text + "'" : "-l '" + word.text.substr(2) + "'";
      out += " -d '" + Plain(word.doc) + "'\n";
    }
  });
  return out;
}

}  // namespace

void AddCompletion(CLI::App& app, int& exit_code) {
  auto& command = *app.add_subcommand("completion", "Print the completion script of a shell");
  auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command.footer("Example:\n  source <(textback completion bash)");
  command.callback([shell, &app, &exit_code] {
    const auto script = *shell == "bash" ? Bash(app) : *shell == "zsh" ? Zsh(app) : Fish(app);
    std::fwrite(script.data(), 1, script.size(), stdout);
    exit_code = kOk;
  });
}

}  // namespace textback::cli
