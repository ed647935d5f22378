#include "cdr/freeswitch.h"
#include "cdr/freeswitch_adapters.h"
#include "cdr/freeswitch_text.h"
#include "cdr/reasons.h"
#include "cdr/xml.h"

namespace textback::cdr {
namespace {

class FreeswitchXml final : public Adapter {
 public:
  explicit FreeswitchXml(FreeswitchProfile profile) : profile_(std::move(profile)) {}

  void Decode(std::string_view value, const ValueContext& /*context*/, Decoded& out) override {
    leg_.Clear();
    scratch_.Clear();
    XmlReader reader(FreeswitchDocumentOf(value, form_));
    if (auto status = Document(reader); !status)
      return out.Reject(std::move(status).error(), value);
    auto& record = out.Add(value);
    if (auto status = leg_.Fill(profile_, reasons::kXmlBadValue, record); !status) {
      out.DropLast();
      out.Reject(std::move(status).error(), value);
    }
  }

 private:
  enum class Part { kVariables, kAppLog, kCallflow, kCallerProfile, kOriginator, kTimes };

  Status Document(XmlReader& reader) {
    TB_RETURN_IF_ERROR(reader.Next());
    if (reader.name() != "cdr") {
      return DeadLetterError(
          reasons::kRecordType,
          "the root element must be <cdr>, not <" + std::string(reader.name().substr(0, 40)) + ">");
    }
    while (true) {
      TB_ASSIGN_OR_RETURN(const auto event, reader.Next());
      if (event == XmlEvent::kDone) return Ok();
      if (event != XmlEvent::kStart) continue;
      if (reader.name() == "variables") {
        TB_RETURN_IF_ERROR(Children(reader, Part::kVariables));
      } else if (reader.name() == "app_log") {
        TB_RETURN_IF_ERROR(Children(reader, Part::kAppLog));
      } else if (reader.name() == "callflow") {
        leg_.BeginProfile(reader.Attribute("profile_index"));
        TB_RETURN_IF_ERROR(Children(reader, Part::kCallflow));
      } else if (reader.name() == "channel_data") {
        TB_RETURN_IF_ERROR(Children(reader, Part::kVariables));  // of it: direction
      } else {
        TB_RETURN_IF_ERROR(reader.SkipElement());
      }
    }
  }

  // Everything in the element just started, to its end. Nests as deep as the parts do.
  Status Children(XmlReader& reader, Part part) {
    const std::size_t outside = reader.depth() - 1;
    while (true) {
      TB_ASSIGN_OR_RETURN(const auto event, reader.Next());
      if (event == XmlEvent::kDone) return Ok();
      if (event == XmlEvent::kEnd && reader.depth() == outside) return Ok();
      if (event == XmlEvent::kStart) TB_RETURN_IF_ERROR(Child(reader, part));
    }
  }

  Status Child(XmlReader& reader, Part part) {
    const auto name = reader.name();
    switch (part) {
      case Part::kAppLog:
        if (name == "application")
          leg_.AddApp(reader.Attribute("app_name"), reader.Attribute("app_data"));
        return reader.SkipElement();
      case Part::kCallflow:
        if (name == "caller_profile") return Children(reader, Part::kCallerProfile);
        if (name == "times") return Children(reader, Part::kTimes);
        return reader.SkipElement();
      case Part::kCallerProfile:
        if (name == "originator") return Children(reader, Part::kCallerProfile);
        if (name == "originator_caller_profile") return Children(reader, Part::kOriginator);
        if (name == "originatee" || name == "origination") return reader.SkipElement();
        [[fallthrough]];
      default:
        break;
    }
    TB_ASSIGN_OR_RETURN(const auto value, Value(reader));
    if (part == Part::kVariables) leg_.SetVariable(name, value);
    if (part == Part::kTimes) leg_.SetTime(name, value);
    if (part == Part::kCallerProfile || part == Part::kOriginator)
      leg_.SetProfile(name, value, part == Part::kOriginator);
    return Ok();
  }

  // The text of the element just started, to its end.
  Result<std::string_view> Value(XmlReader& reader) {
    std::string_view value;
    std::string* joined = nullptr;
    const std::size_t outside = reader.depth() - 1;
    while (true) {
      TB_ASSIGN_OR_RETURN(const auto event, reader.Next());
      if (event == XmlEvent::kEnd && reader.depth() == outside) break;
      if (event == XmlEvent::kDone) break;
      if (event != XmlEvent::kText) continue;
      const bool plain = reader.is_cdata() || reader.text().find('&') == std::string_view::npos;
      if (plain && joined == nullptr && value.empty()) {
        value = reader.text();
        continue;
      }
      if (joined == nullptr) {
        joined = &scratch_.Take();
        joined->assign(value);
      }
      if (reader.is_cdata()) {
        joined->append(reader.text());
      } else {
        AppendXmlText(reader.text(), *joined);
      }
    }
    return joined == nullptr ? value : std::string_view(*joined);
  }

  FreeswitchProfile profile_;
  FreeswitchLeg leg_;
  FreeswitchScratch scratch_;
  std::string form_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> NewFreeswitchXml(const FormatConfig& config) {
  TB_ASSIGN_OR_RETURN(auto profile, FreeswitchProfile::Parse(config.profile));
  return std::unique_ptr<Adapter>(std::make_unique<FreeswitchXml>(std::move(profile)));
}

}  // namespace textback::cdr
