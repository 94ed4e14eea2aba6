variable "project" {
  type        = string
  description = "Id of the Google Cloud project."
}

variable "region" {
  type        = string
  description = "Region of the service: that of the functions."
}

variable "image" {
  type        = string
  description = "Image of novicezk/midjourney-proxy in a registry that Cloud Run can read, with its digest."
}

variable "discord_guild" {
  type        = string
  description = "Id of the Discord server in which MidJourney paints."
}

variable "discord_channel" {
  type        = string
  description = "Id of the channel there."
}

variable "slots" {
  type        = number
  description = "Pictures that it works on at once: `SLOTS`."
}

variable "slots_ahead" {
  type        = number
  description = "Pictures that wait in its own queue: `SLOTS_AHEAD`."
}

variable "secrets" {
  type        = map(string)
  description = "Secret ids by environment variable."
}

variable "secret_versions" {
  type        = map(string)
  description = "The version of each secret, by environment variable."
}
