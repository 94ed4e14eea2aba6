variable "project" {
  type        = string
  description = "Id of the Google Cloud project."
}

variable "region" {
  type        = string
  description = "Region of everything, as in asia-northeast3."
}

variable "archives" {
  type        = map(string)
  description = "Paths of the source archives (infra/package.py makes them)."
}

variable "secret_versions" {
  type        = map(string)
  default     = {}
  description = "Version of each secret by environment variable; default: the first."
}

variable "proxy_url" {
  type        = string
  default     = ""
  description = "URL of a MidJourney Proxy with its context path, as in https://host/mj; empty with `proxy`."
}

variable "proxy" {
  type        = object({ image = string, discord_guild = string, discord_channel = string })
  default     = null
  description = "A proxy to be run here, too; null: there is one elsewhere."
}

variable "settings" {
  type        = map(string)
  default     = {}
  description = "Settings of the functions that differ from the default (docs/settings.md)."
}

variable "protected" {
  type        = bool
  default     = false
  description = "Whether database and pictures can't be deleted."
}

variable "point_in_time_recovery" {
  type        = bool
  default     = false
  description = "Whether any state of the database in the last seven days can be read again: what a family deleted, too."
}

variable "alert_emails" {
  type        = list(string)
  default     = []
  description = "Who is told of alerts."
}

variable "runbook" {
  type        = string
  default     = "docs/runbook.md"
  description = "Where docs/runbook.md can be read: an address of yours."
}

variable "most_pictures_a_day" {
  type        = number
  default     = 200
  description = "Pictures a day above which somebody should look at the costs."
}

variable "min_instances" {
  type        = map(number)
  default     = {}
  description = "Instances that are kept warm, by function."
}

variable "max_instances" {
  type        = map(number)
  default     = {}
  description = "Instances at most, by function."
}

variable "internal_ingress" {
  type        = string
  default     = "ALLOW_INTERNAL_ONLY"
  description = "Ingress of what only Google's own services call."
}
