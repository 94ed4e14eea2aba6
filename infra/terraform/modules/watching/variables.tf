variable "project" {
  type        = string
  description = "Id of the Google Cloud project."
}

variable "health_host" {
  type        = string
  description = "The host of the function `health` itself."
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
