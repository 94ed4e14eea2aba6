variable "project" {
  type        = string
  description = "Id of the Google Cloud project."
}

variable "functions_url" {
  type        = string
  description = "URL before each function's name."
}

variable "alert_emails" {
  type        = list(string)
  description = "Who is told of alerts."
}

variable "runbook" {
  type        = string
  description = "Where docs/runbook.md can be read."
}

variable "most_waiting" {
  type        = number
  default     = 100
  description = "Pictures that may wait for a slot for a quarter of an hour."
}

variable "most_failing" {
  type        = number
  default     = 0.05
  description = "Share of a function's calls that may fail, 0 to 1."
}

variable "most_pictures_a_day" {
  type        = number
  description = "Pictures a day above which somebody should look at the costs."
}

variable "refusals_in_ten_minutes" {
  type        = number
  default     = 10
  description = "Refusals of the painter that are put down to children's words."
}

variable "captcha_codes" {
  type        = string
  default     = ".*"
  description = "Which codes of refusals count for that alert, as a regular expression (RE2)."
}

variable "account_reasons" {
  type        = string
  default     = "(?i).*(account|账号|实例|unauthorized|401|403).*"
  description = "Which reasons of pauses mean that the proxy's account does not work, likewise."
}
